// Command tsa is Sigstore's timestamp authority (RFC 3161) for tests. The upstream command cannot be used: it also
// listens on a fixed port of every interface.
package main

import (
	"flag"
	"log"
	"net"
	"strconv"
	"time"

	tsalog "github.com/sigstore/timestamp-authority/v2/pkg/log"
	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

// policy says by which rules a timestamp was made: Sigstore's own arc.
const policy = "1.3.6.1.4.1.57264.2"

// version is the hash of these sources; set by tools/peers.py.
var version string

func main() {
	address := flag.String("address", "", "HOST:PORT to listen on")
	key := flag.String("key", "", "private key of the first certificate in the chain (PEM)")
	chain := flag.String("chain", "", "certificates, the signing one first and the root last (PEM)")
	flag.Parse()
	if err := run(*address, *key, *chain); err != nil {
		log.Fatalf("tsa %s: %v", version, err)
	}
}

func run(address, key, chain string) error {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return err
	}
	// The names are those of the upstream command's flags, which its packages read from viper.
	viper.Set("timestamp-signer", "file")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("file-signer-key-path", key)
	viper.Set("certificate-chain-path", chain)
	viper.Set("enforce-intermediate-eku", true)
	viper.Set("default-policy-oid", policy)
	viper.Set("accepted-policy-oids", []string{policy})
	viper.Set("max-request-body-size", 1<<20)
	tsalog.ConfigureLogger("prod")
	return server.NewRestAPIServer(host, port, []string{"http"}, false, 30*time.Second, 30*time.Second).Serve()
}
