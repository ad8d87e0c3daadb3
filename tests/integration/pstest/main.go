// Command pstest serves Google's in-memory Pub/Sub (cloud.google.com/go/pubsub/pstest) for newsbeam's tests.
// Messages live in memory and are gone when it ends.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"cloud.google.com/go/pubsub/v2/pstest"
)

func main() {
	port := flag.Int("port", 0, "loopback port; 0 takes a free one")
	flag.Parse()
	// NewServerWithAddress panics when the address is taken, which ends the program with a message: what a test wants.
	server := pstest.NewServerWithAddress(fmt.Sprintf("127.0.0.1:%d", *port))
	fmt.Println(server.Addr)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
}
