package ledgergrpc_test

import (
	"context"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

func Example() {
	// An application names a directory that outlives it, and its log server.
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:4318", ServiceName: "shop"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(ledgergrpc.UnaryServerInterceptor(client)),
		grpc.ChainStreamInterceptor(ledgergrpc.StreamServerInterceptor(client)),
	)
	testpb.RegisterTestServiceServer(server, &service{unary: answer(fine)})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(ledgergrpc.UnaryClientInterceptor(client)), // outgoing calls too
	)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, err = testpb.NewTestServiceClient(conn).UnaryCall(context.Background(), &testpb.SimpleRequest{})
	fmt.Println("error:", err, "- recorded:", client.Stats().Accepted)
	// Output: error: <nil> - recorded: 2
}
