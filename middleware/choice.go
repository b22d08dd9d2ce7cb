package middleware

import (
	"net/http"

	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// chosen decides whether a settled exchange is recorded, and for how many it stands.
// What went wrong or was slow is always recorded: it is what people look for.
func (rec *Recorder) chosen(x *serving, f *exchange.Facts) bool {
	c := &rec.cfg
	switch {
	case f.Ending == exchange.Panicked, f.Status >= http.StatusInternalServerError, f.Err != nil:
		return true
	case c.slow > 0 && f.Duration >= c.slow:
		return true
	case f.Route == "" && c.routedOnly:
		c.counts.unrouted.Add(1)
		return false
	case f.Route == "" && isMissing(f.Status) && c.noise.Match(x.asked.path):
		c.counts.noise.Add(1)
		return false
	case c.keep != nil && !contained(c, true, func() bool { return c.keep(x.inner, f.Status, f.Duration) }):
		c.counts.notKept.Add(1)
		return false
	}
	if f.Sampled = c.sampler.Sample(f.Route); f.Sampled == 0 {
		c.counts.sampled.Add(1)
		return false
	}
	return true
}

// isMissing reports whether a status says that there is nothing at this path. Whatever
// is there is no noise, by whatever name: an application may have an /admin of its own.
func isMissing(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusGone
}
