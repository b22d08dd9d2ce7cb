package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
)

// numberKey is the attribute by which a record is known at the server.
const numberKey = "order.id"

// sample is what the records of the drain say: a message of about 300 bytes and five
// attributes. There are so many different ones that none is seen again within what gzip
// looks back to, and so few that making them is no part of what is measured.
type sample struct {
	messages, requests []string
}

func newSample() *sample {
	const different = 1024
	words := strings.Fields("accepted account address after amount at attempt basket by card carrier charge " +
		"check city confirmed country customer delivery discount email expired failed for found from gateway " +
		"in invoice is item limit line locked missing new not of order paid parcel payment pending placed " +
		"price queue ready receipt refund request retry return sent session shipped stock the timeout to " +
		"total update user valid voucher warehouse with")
	r := rand.New(rand.NewPCG(1, 2)) // The same in every run.
	s := &sample{}
	for range different {
		var b strings.Builder
		fmt.Fprintf(&b, "order %08x of customer %d:", r.Uint32(), r.IntN(1_000_000))
		for b.Len() < 290 {
			b.WriteByte(' ')
			if r.IntN(8) == 0 {
				fmt.Fprintf(&b, "%d", r.IntN(100_000))
			} else {
				b.WriteString(words[r.IntN(len(words))])
			}
		}
		s.messages = append(s.messages, b.String())
		s.requests = append(s.requests, fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
	}
	return s
}

func (s *sample) message(i int) string { return s.messages[i%len(s.messages)] }

// attrs fills a with those of record i and returns them.
func (s *sample) attrs(a *[5]slog.Attr, i int) []slog.Attr {
	*a = [5]slog.Attr{
		slog.String("http.request.method", "POST"), slog.String("http.route", "/orders/{id}"),
		slog.Int("http.response.status_code", 200+i%4), slog.String("request.id", s.requests[i%len(s.requests)]),
		slog.Int(numberKey, i),
	}
	return a[:]
}
