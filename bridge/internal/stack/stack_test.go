package stack

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// calling carries a stack of its own.
type calling struct{ pcs []uintptr }

func (calling) Error() string        { return "calling" }
func (c calling) Callers() []uintptr { return c.pcs }

func callers() []uintptr {
	pcs := make([]uintptr, 8)
	return pcs[:runtime.Callers(2, pcs)]
}

func TestWhichStackARecordGets(t *testing.T) {
	plain := errors.New("plain")
	own := fmt.Errorf("wrapped: %w", errors.Join(plain, calling{callers()}))
	at := Place{Function: "shop.Pay", File: `C:\srv\shop\cart.go`, Line: 12}
	for name, c := range map[string]struct {
		err       error
		text      string
		at        Place
		exception bool
		want      string
	}{
		"nothing":                {nil, "", Place{}, false, ``},
		"nothing, an exception":  {plain, "", Place{}, true, ``},
		"the error's own":        {own, "text", at, true, `^at testing\.tRunner\(testing\.go:\d+\)$`},
		"an empty one":           {calling{}, "text", at, true, `^text$`},
		"the logger's":           {plain, "text", at, true, `^text$`},
		"without an error":       {nil, "text", at, false, `^text$`},
		"the place":              {plain, "", at, true, `^at shop\.Pay\(cart\.go:12\)$`},
		"a place in no function": {plain, "", Place{File: "/srv/cart.go", Line: 3}, true, `^at cart\.go\(cart\.go:3\)$`},
		"no exception":           {plain, "", at, false, ``},
	} {
		t.Run(name, func(t *testing.T) {
			got := For(c.err, c.text, c.at, c.exception)
			if c.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.Regexp(t, c.want, string(got))
		})
	}
}
