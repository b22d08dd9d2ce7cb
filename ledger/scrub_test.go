package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

const (
	planted = "jane.doe@example.com" // hidden wherever it stands
	pass    = "hunter2-correct-horse"
)

// holders are directories' files that contain text.
func holders(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return err
	}))
	return found
}

// What is secret reaches neither the disk nor the server, wherever in a record it is.
func TestSecretsStopBeforeTheDisk(t *testing.T) {
	at := "mail to " + planted + " bounced"
	type user struct {
		Mail     string
		Password string `json:"password"`
	}
	for name, log := range map[string]func(context.Context, *ledger.Client){
		"message": func(ctx context.Context, c *ledger.Client) { c.Info(ctx, at) },
		"event": func(ctx context.Context, c *ledger.Client) {
			_ = c.Log(ctx, ledger.Record{Message: "m", EventName: at})
		},
		"error": func(ctx context.Context, c *ledger.Client) {
			c.Exception(ctx, fmt.Errorf("send: %w", errors.New(at)))
		},
		"stack": func(ctx context.Context, c *ledger.Client) {
			_ = c.Log(ctx, ledger.Record{Err: errors.New("x"), Stack: []byte(at)})
		},
		"attribute": func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.String("note", at)) },
		"query": func(ctx context.Context, c *ledger.Client) {
			c.Info(ctx, "m", slog.String("url.query", "page=2&password="+pass+"&to="+planted))
		},
		"body": func(ctx context.Context, c *ledger.Client) {
			c.Info(ctx, "m", slog.String("http.request.body.content", `{"user": {"mail": "`+planted+`", "password": "`+pass+`"}}`))
		},
		"group": func(ctx context.Context, c *ledger.Client) {
			c.Info(ctx, "m", slog.Group("user", slog.String("mail", planted), slog.String("password", pass)))
		},
		"list":   func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.Any("to", []string{"x", planted})) },
		"values": func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.Any("to", []any{1, []any{at}})) },
		"bytes":  func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.Any("raw", []byte(at))) },
		"struct": func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.Any("user", user{planted, pass})) },
		"map": func(ctx context.Context, c *ledger.Client) {
			c.Info(ctx, "m", slog.Any("user", map[string]string{"mail": planted, "password": pass}))
		},
		"key": func(ctx context.Context, c *ledger.Client) { c.Info(ctx, "m", slog.Any("password", []string{pass})) },
		"time": func(ctx context.Context, c *ledger.Client) {
			c.Info(ctx, "m", slog.Int("password", 1), slog.String("secret", pass))
		},
		"scope": func(ctx context.Context, c *ledger.Client) {
			var s ledger.Scope
			s.Add(slog.String("mail", planted), slog.String("password", pass))
			c.Info(ledger.ContextWithScope(ctx, &s), "m")
		},
		"slog": func(ctx context.Context, c *ledger.Client) {
			slog.New(c.Handler(nil)).ErrorContext(ctx, at, "err", errors.New(at)) //nolint:sloglint // The secret is in the message.
		},
		"slog With": func(ctx context.Context, c *ledger.Client) {
			slog.New(c.Handler(nil)).With("password", pass, "mail", planted).WithGroup("g").With("note", at).InfoContext(ctx, "m", "n", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newCollector(t)
			cfg := config(t, srv.URL)
			c := open(t, cfg)
			log(t.Context(), c)
			require.NoError(t, c.Flush(within(t)))
			for _, secret := range []string{planted, pass} {
				assert.Empty(t, holders(t, cfg.Dir, secret), "on disk")
				assert.NotContains(t, fmt.Sprint(srv.arrived), secret)
			}
			require.Len(t, srv.arrived, 1)
			assert.Contains(t, fmt.Sprintf("%s", srv.arrived[0].attrs)+srv.arrived[0].body+srv.arrived[0].record.EventName, "[REDACTED]")
		})
	}
}

func TestScrubbingCanBeTurnedOffAndAddedTo(t *testing.T) {
	for name, c := range map[string]struct {
		scrub ledger.Scrub
		want  map[string]any
	}{
		"default":     {ledger.Scrub{}, map[string]any{"password": "[REDACTED]", "tenant": "t-1", "order": "o-17", "mail": "[REDACTED]"}},
		"off":         {ledger.Scrub{Off: true, Keys: []string{"tenant"}}, map[string]any{"password": pass, "tenant": "t-1", "order": "o-17", "mail": planted}},
		"a key":       {ledger.Scrub{Keys: []string{"Tenant"}}, map[string]any{"password": "[REDACTED]", "tenant": "[REDACTED]", "order": "o-17", "mail": "[REDACTED]"}},
		"an allowed":  {ledger.Scrub{AllowKeys: []string{"password"}}, map[string]any{"password": pass, "tenant": "t-1", "order": "o-17", "mail": "[REDACTED]"}},
		"a rule":      {ledger.Scrub{Rules: []ledger.ScrubRule{{Pattern: regexp.MustCompile(`o-(\d)\d+`), Replace: "o-$1*"}}}, map[string]any{"password": "[REDACTED]", "tenant": "t-1", "order": "o-1*", "mail": "[REDACTED]"}},
		"a bare rule": {ledger.Scrub{Rules: []ledger.ScrubRule{{Pattern: regexp.MustCompile(`o-\d+`)}}}, map[string]any{"password": "[REDACTED]", "tenant": "t-1", "order": "[REDACTED]", "mail": "[REDACTED]"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newCollector(t)
			cfg := config(t, srv.URL)
			cfg.Scrub = c.scrub
			client := open(t, cfg)
			client.Info(t.Context(), "m", slog.String("password", pass), slog.String("tenant", "t-1"), slog.String("order", "o-17"), slog.String("mail", planted))
			require.NoError(t, client.Flush(within(t)))
			for key, want := range c.want {
				assert.Equal(t, want, srv.arrived[0].attrs[key], key)
			}
		})
	}
	_, err := ledger.Open(ledger.Config{Dir: t.TempDir(), Endpoint: "http://127.0.0.1:1", Scrub: ledger.Scrub{Rules: []ledger.ScrubRule{{}}}})
	var bad *ledger.ConfigError
	require.ErrorAs(t, err, &bad)
	assert.Equal(t, "Scrub", bad.Field)
}

// A rule of one's own may match what it made of the text.
func TestTextIsScrubbedOnce(t *testing.T) {
	for name, hook := range map[string]func(context.Context, *ledger.Record) bool{
		"no hook": nil, "a hook": func(context.Context, *ledger.Record) bool { return true },
	} {
		srv := newCollector(t)
		cfg := config(t, srv.URL)
		cfg.Scrub.Rules = []ledger.ScrubRule{{Pattern: regexp.MustCompile(`user-\w+`), Replace: "some $0"}}
		cfg.BeforeSend = hook
		c := open(t, cfg)
		var scope ledger.Scope
		scope.Add(slog.String("scope", "user-1"))
		log := slog.New(c.Handler(nil)).With("with", "user-1").With("then", 1)
		log.InfoContext(ledger.ContextWithScope(t.Context(), &scope), "user-1", "own", "user-1")
		require.NoError(t, c.Flush(within(t)))
		assert.Equal(t, "some user-1", srv.arrived[0].body, name)
		for _, key := range []string{"scope", "with", "own"} {
			assert.Equal(t, "some user-1", srv.arrived[0].attrs[key], "%s, %s", name, key)
		}
	}
}

// The hook comes last: it sees what scrubbing left, and what it says stands.
func TestBeforeSendComesAfterScrubbing(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	var seen ledger.Record
	cfg.BeforeSend = func(_ context.Context, r *ledger.Record) bool {
		seen = *r
		seen.Attrs = append([]slog.Attr(nil), r.Attrs...)
		if strings.HasPrefix(r.Message, "panic") {
			r.Message = "half done"
			panic("boom")
		}
		r.Attrs = append(r.Attrs, slog.String("support", planted))
		r.Err = errors.New("no mail for " + planted)
		return true
	}
	c := open(t, cfg)
	var scope ledger.Scope
	scope.Add(slog.String("request.id", "r1"))
	log := slog.New(c.Handler(nil)).With("with", planted)
	log.InfoContext(ledger.ContextWithScope(t.Context(), &scope), "to "+planted, slog.Group("user", "password", pass))

	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, "to [REDACTED]", seen.Message)
	assert.Equal(t, []slog.Attr{
		slog.String("request.id", "r1"), slog.String("with", "[REDACTED]"), slog.String("user.password", "[REDACTED]"),
	}, seen.Attrs, "flat, with those of the scope and the handler")
	got := srv.arrived[0].attrs
	assert.Equal(t, planted, got["support"], "the hook's own word stands")
	assert.Equal(t, "no mail for [REDACTED]", got["exception.message"], "but an error is text from anywhere")
	assert.Equal(t, "r1", got["request.id"])

	log.Info("panic " + planted)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, "panic [REDACTED]", srv.arrived[1].body, "a hook that fails changes nothing")
}
