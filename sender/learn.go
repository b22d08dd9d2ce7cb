package sender

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// settingsEvery is how often a server's settings are asked for.
	settingsEvery = time.Hour
	// maxSettings bounds the answer.
	maxSettings = 256 << 10
	// mark is how far ahead the use of the limits is noted on disk.
	mark = time.Second
	// leastBatch is the smallest limit on the bytes of a batch that is believed.
	leastBatch = 1 << 10
)

// learn changes what is known of the server's limits, makes it durable and acts by it. If
// it cannot be stored it holds for this process.
func (l *loop) learn(change func(*Learned)) {
	was := l.learned
	change(&l.learned)
	if l.learned == was {
		return
	}
	_ = l.s.store.Learn(l.learned)
	l.limit.set(time.Now(), effective(l.cfg.asked, l.learned))
}

// learnSize notes that batches of more than so many bytes are too large.
func (l *loop) learnSize(bytes int) {
	bytes = max(bytes, leastBatch)
	l.learn(func(to *Learned) {
		if to.MaxBytes == 0 || bytes < to.MaxBytes {
			to.MaxBytes = bytes
		}
	})
}

// markUse notes on disk that the limits are used now, before they are: a process that
// is killed and started again must not use them twice. Once a second is enough.
func (l *loop) markUse(now time.Time) {
	if now.After(l.learned.UsedUntil) || l.learned.UsedUntil.Sub(now) > time.Minute { // The clock was set.
		l.learned.UsedUntil = now.Add(mark).Round(0)
		_ = l.s.store.Learn(l.learned) // What cannot be noted may be used twice.
	}
}

// askSettings gets the server's settings, if that is wanted and time for it, without
// anything waiting for them.
func (l *loop) askSettings(ctx context.Context, now time.Time) {
	if !l.cfg.LearnLimits || now.Before(l.settingsAt) {
		return
	}
	base, ok := strings.CutSuffix(l.cfg.URL, "/v1/logs")
	if !ok {
		l.settingsAt = now.Add(100 * 365 * 24 * time.Hour) // Not a server of ours.
		return
	}
	l.settingsAt = now.Add(settingsEvery)
	l.attempts.ask(func() []byte { return l.s.post.get(ctx, base+"/api/v1/settings", maxSettings) })
}

// takeSettings takes in what the server answered, nil if it did not.
func (l *loop) takeSettings(body []byte) {
	l.learn(func(to *Learned) {
		if fields, ok := to.fromSettings(body); ok && l.cfg.OnFieldLimits != nil {
			l.cfg.OnFieldLimits(fields)
		}
	})
}

// get returns the body of a 200, nil otherwise.
func (p *poster) get(ctx context.Context, url string, limit int64) (body []byte) {
	defer func() {
		if recover() != nil { // A client of the user must not end the program.
			body = nil
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, min(p.timeout, settingsEvery/2)) // One at a time.
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil
	}
	req.Header = p.header.Clone()
	for _, name := range []string{"Content-Type", "Content-Encoding", "Idempotency-Key"} {
		req.Header.Del(name)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return body
}
