"""What package files say about themselves beyond their name: licence, people, requirements. One module an ecosystem."""
