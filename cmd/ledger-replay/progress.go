package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

// progress is what standard error shows while a replay runs: a line that is drawn
// over and over, on a terminal only, and the sender's diagnostics above it.
type progress struct {
	w    io.Writer
	live bool // w is a terminal

	mu    sync.Mutex
	drawn bool
}

// show draws the line anew.
func (p *progress) show(acked, planned int, h sender.Health, now time.Time) {
	if !p.live {
		return
	}
	text := fmt.Sprintf("%d of %d records sent", acked, planned)
	switch h.Phase {
	case sender.PhaseBackoff, sender.PhaseThrottled, sender.PhaseHold:
		text += fmt.Sprintf("; %s, next attempt in %s", h.Reason, age(max(h.NextAttempt.Sub(now), 0)))
	case sender.PhaseIdle, sender.PhaseSending, sender.PhaseStopped:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprint(p.w, safe(text))
	p.drawn = true
}

// erase takes the line away. p.mu is held.
func (p *progress) erase() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// done leaves the screen as it was.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// Enabled implements [slog.Handler].
func (p *progress) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler]: it writes a diagnostic as a line of words.
func (p *progress) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(r.Message, "sender: "))
	r.Attrs(func(a slog.Attr) bool {
		value := a.Value.String()
		switch {
		case a.Key == "records_waiting":
			return true // It sees what was read ahead, not what there is.
		case a.Value.Kind() == slog.KindDuration:
			value = age(a.Value.Duration())
		}
		fmt.Fprintf(&b, ", %s: %s", strings.ReplaceAll(a.Key, "_", " "), value)
		return true
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	_, err := fmt.Fprintln(p.w, "ledger-replay: "+safe(b.String()))
	return err
}

// WithAttrs implements [slog.Handler]; the sender does not use it.
func (p *progress) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup implements [slog.Handler]; the sender does not use it.
func (p *progress) WithGroup(string) slog.Handler { return p }
