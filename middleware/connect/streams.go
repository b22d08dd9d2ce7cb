package ledgerconnect

import (
	"errors"
	"io"
	"sync"

	"connectrpc.com/connect"

	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// handlerConn counts the messages of a served stream.
type handlerConn struct {
	connect.StreamingHandlerConn
	messages *rpc.Messages
}

// Send sends on and counts.
func (c *handlerConn) Send(m any) error {
	err := c.StreamingHandlerConn.Send(m)
	if err == nil {
		c.messages.Sent.Add(1)
	}
	return err
}

// Receive receives and counts.
func (c *handlerConn) Receive(m any) error {
	err := c.StreamingHandlerConn.Receive(m)
	if err == nil {
		c.messages.Received.Add(1)
	}
	return err
}

// clientConn counts the messages of a stream that this process opened, and tells when
// it is over.
type clientConn struct {
	connect.StreamingClientConn
	messages *rpc.Messages
	done     func(error)
	once     sync.Once
}

// Send sends on and counts. Its errors are not the end: the server's reason is what
// Receive returns.
func (c *clientConn) Send(m any) error {
	err := c.StreamingClientConn.Send(m)
	if err == nil {
		c.messages.Sent.Add(1)
	}
	return err
}

// Receive receives and counts. Its first error is the end of the stream.
func (c *clientConn) Receive(m any) error {
	err := c.StreamingClientConn.Receive(m)
	switch {
	case err == nil:
		c.messages.Received.Add(1)
	case errors.Is(err, io.EOF):
		c.end(nil)
	default:
		c.end(err)
	}
	return err
}

// CloseResponse closes the stream, which ends it if its end was not read.
func (c *clientConn) CloseResponse() error {
	err := c.StreamingClientConn.CloseResponse()
	c.end(err)
	return err
}

func (c *clientConn) end(err error) { c.once.Do(func() { c.done(err) }) }
