// Command ctlog is a certificate transparency log (RFC 6962) in one process, for tests: the CT front end of
// certificate-transparency-go over a Trillian log that lives in memory. It takes code signing certificates only.
package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/certificate-transparency-go/trillian/ctfe"
	"github.com/google/certificate-transparency-go/trillian/ctfe/configpb"
	"github.com/google/trillian"
	"github.com/google/trillian/client"
	"github.com/google/trillian/crypto/keys"
	"github.com/google/trillian/crypto/keys/der"
	"github.com/google/trillian/crypto/keyspb"
	"github.com/google/trillian/extension"
	sequencing "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// version is the hash of these sources; set by tools/peers.py.
var version string

func main() {
	address := flag.String("address", "", "HOST:PORT to listen on")
	keyFile := flag.String("key", "", "the log's private key (PEM, PKCS#8, not encrypted)")
	rootsFile := flag.String("roots", "", "certificates of the accepted CAs (PEM)")
	flag.Parse()
	if err := run(context.Background(), *address, *keyFile, *rootsFile); err != nil {
		log.Fatalf("ctlog %s: %v", version, err)
	}
}

func run(ctx context.Context, address, keyFile, rootsFile string) error {
	private, public, err := readKey(keyFile)
	if err != nil {
		return err
	}
	rpc, tree, err := startTrillian(ctx)
	if err != nil {
		return err
	}
	config, err := ctfe.ValidateLogConfig(&configpb.LogConfig{
		LogId:                 tree.TreeId,
		Prefix:                "log",
		RootsPemFile:          []string{rootsFile},
		PrivateKey:            private,
		PublicKey:             public,
		ExtKeyUsages:          []string{"CodeSigning"},
		MaxMergeDelaySec:      60,
		ExpectedMergeDelaySec: 1,
	})
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	front, err := ctfe.SetUpInstance(ctx, ctfe.InstanceOptions{
		Validated:     config,
		Client:        rpc,
		Deadline:      10 * time.Second,
		MetricFactory: monitoring.InertMetricFactory{},
		RequestLog:    new(ctfe.DefaultRequestLog),
	})
	if err != nil {
		return fmt.Errorf("front end: %w", err)
	}
	routes := http.NewServeMux()
	for path, handler := range front.Handlers {
		routes.Handle(path, handler)
	}
	return (&http.Server{Addr: address, Handler: routes, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe()
}

// readKey reads a PKCS#8 key and returns both halves as Trillian's configuration takes them.
func readKey(file string) (*anypb.Any, *keyspb.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, errors.New("the key file is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, errors.New("the key cannot sign")
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, nil, err
	}
	keys.RegisterHandler(&keyspb.PrivateKey{}, der.FromProto)
	private, err := anypb.New(&keyspb.PrivateKey{Der: block.Bytes})
	return private, &keyspb.PublicKey{Der: public}, err
}

// startTrillian serves an empty log over gRPC on a free loopback port and keeps its tree growing.
func startTrillian(ctx context.Context) (trillian.TrillianLogClient, *trillian.Tree, error) {
	trees := memory.NewTreeStorage()
	parts := extension.Registry{
		AdminStorage:  memory.NewAdminStorage(trees),
		LogStorage:    memory.NewLogStorage(trees, monitoring.InertMetricFactory{}),
		QuotaManager:  quota.Noop(),
		MetricFactory: monitoring.InertMetricFactory{},
	}
	service := grpc.NewServer(grpc.UnaryInterceptor(interceptor.ErrorWrapper))
	trillian.RegisterTrillianAdminServer(service, admin.New(parts, nil))
	trillian.RegisterTrillianLogServer(service, server.NewTrillianLogRPCServer(parts, clock.System))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	go func() { log.Fatalf("gRPC: %v", service.Serve(listener)) }()

	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	rpc := trillian.NewTrillianLogClient(connection)
	wanted := &trillian.Tree{
		TreeState:       trillian.TreeState_ACTIVE,
		TreeType:        trillian.TreeType_LOG,
		MaxRootDuration: durationpb.New(time.Hour),
	}
	tree, err := client.CreateAndInitTree(
		ctx, &trillian.CreateTreeRequest{Tree: wanted}, trillian.NewTrillianAdminClient(connection), rpc)
	if err != nil {
		return nil, nil, fmt.Errorf("tree: %w", err)
	}
	sequencer := sequencing.NewOperationManager(sequencing.OperationInfo{
		Registry:    parts,
		BatchSize:   100,
		NumWorkers:  1,
		RunInterval: 200 * time.Millisecond,
		TimeSource:  clock.System,
	}, sequencing.NewSequencerManager(parts, 0))
	go sequencer.OperationLoop(ctx)
	return rpc, tree, nil
}
