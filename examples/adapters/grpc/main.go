// Command grpc serves gRPC's health service, and calls it once a second.
//
//	go run ./grpc
package main

import (
	"context"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

func main() {
	setup.Run("grpc", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", setup.Address)
		if err != nil {
			return err
		}
		server := grpc.NewServer(
			grpc.ChainUnaryInterceptor(ledgergrpc.UnaryServerInterceptor(client)),
			grpc.ChainStreamInterceptor(ledgergrpc.StreamServerInterceptor(client)),
		)
		healthpb.RegisterHealthServer(server, health.NewServer())
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(listener) }()

		conn, err := grpc.NewClient(setup.Address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithUnaryInterceptor(ledgergrpc.UnaryClientInterceptor(client)))
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil && ctx.Err() == nil {
					log.ErrorContext(ctx, "not healthy", "err", err)
				}
			case err := <-failed:
				return err
			case <-ctx.Done():
				server.GracefulStop()
				return nil
			}
		}
	})
}
