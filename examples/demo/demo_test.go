package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole demo builds two programs and takes its time. What it consists of is
// tested below.
func TestTheShortDemoKeepsItsPromises(t *testing.T) {
	if !form.Long() {
		t.Skip("set LEDGER_CRASH=long to play the whole demo")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), planFor(true), false, &out), out.String())
	t.Log(out.String())
}

func TestPlansAreInOrder(t *testing.T) {
	for _, short := range []bool{false, true} {
		p := planFor(short)
		assert.Positive(t, p.stopAt)
		assert.Less(t, p.stopAt, p.startAt)
		assert.Less(t, p.startAt, p.killAt)
		assert.Less(t, p.killAt, p.total)
	}
	assert.Equal(t, 10*time.Second, planFor(false).startAt-planFor(false).stopAt)
}

// answered makes answers with these latencies in ms, one each second from start.
func answered(start time.Time, ms ...int) []harness.Answer {
	var all []harness.Answer
	for i, n := range ms {
		sent := start.Add(time.Duration(i) * time.Second)
		all = append(all, harness.Answer{ID: fmt.Sprint(i), Sent: sent, At: sent.Add(time.Duration(n) * time.Millisecond)})
	}
	return all
}

func TestOnlyRequestsWellWithinAStretchAreCompared(t *testing.T) {
	start := time.Now()
	second := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }
	with := answered(start, 900, 3, 5, 900, 900, 7, 900)
	without := answered(start, 100, 1, 1, 100, 100, 1, 100)

	got := compare(with, without, span{second(0.4), second(2.6)}, span{second(4.4), second(5.6)})
	assert.Equal(t, added{
		p50: pair{5 * time.Millisecond, time.Millisecond},
		p99: pair{7 * time.Millisecond, time.Millisecond},
	}, got)
	assert.Equal(t, added{}, compare(with, without), "no stretch, nothing to compare")
}

func TestTheVerdictNamesWhatIsBroken(t *testing.T) {
	good := func() *result {
		return &result{
			audit:  harness.Audit{Answered: 100, Uncertain: 3, Missing: []string{"late"}},
			stored: stored{records: 198, requests: map[string]int{"a": 1, "b": 1}},
		}
	}
	require.NoError(t, good().verdict(), "an unproven loss is shown, and is no broken promise")

	tests := map[string]struct {
		spoil func(*result)
		says  string
	}{
		"synced and missing": {func(r *result) { r.audit.Broken = []string{"x-7", "x-8"} }, "2 synced records are missing, the first of request x-7"},
		"stored twice":       {func(r *result) { r.stored.requests["b"] = 2 }, "1 records are stored twice"},
		"nothing proven":     {func(r *result) { r.audit.Uncertain = 100 }, "showed nothing"},
		"evicted":            {func(r *result) { r.final.Evicted = 4 }, "4 evicted"},
		"dead":               {func(r *result) { r.final.Dead = 4 }, "4 dead"},
		"lost":               {func(r *result) { r.final.Lost = 4 }, "4 lost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := good()
			tt.spoil(r)
			require.ErrorContains(t, r.verdict(), tt.says)
		})
	}
}

func TestTheTableShowsTheNumbers(t *testing.T) {
	r := &result{
		audit:       harness.Audit{Answered: 5950, Uncertain: 12, Missing: []string{"a"}},
		notAnswered: 31,
		resent:      1200,
		stored:      stored{records: 11_898, requests: map[string]int{"x": 1}, duplicates: 200},
		up:          added{p50: pair{440 * time.Microsecond, 400 * time.Microsecond}, p99: pair{2 * time.Millisecond, time.Millisecond}},
		down:        added{p50: pair{400 * time.Microsecond, 410 * time.Microsecond}},
	}
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{
		"5,950   31 more got no answer", "11,898", "0 of the 5,938 proven to be synced; 1 of the 12", "1,200   200 arrived twice",
		"server up   p50 +0.04 ms (0.44 against 0.40), p99 +1.00 ms (2.00 against 1.00)\n",
		"server down   p50 -0.01 ms (0.40 against 0.41), p99 +0.00 ms (0.00 against 0.00)\n",
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestNumbersHaveThousandsApart(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567"} {
		assert.Equal(t, want, number(n))
	}
}

func TestTheStoreIsReadPageByPage(t *testing.T) {
	pages := map[string]string{
		"": `{"has_more": true, "next_cursor": "two", "logs": [
			{"attributes": {"request.id": "a", "http.response.status_code": 200}},
			{"attributes": {"request.id": "a"}},
			{"attributes": {"order": 7}}]}`,
		"two": `{"has_more": false, "next_cursor": "", "logs": [
			{"attributes": {"request.id": "b", "http.response.status_code": 200}},
			{"attributes": {"request.id": "b", "http.response.status_code": 200}}]}`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "Bearer "+apiKey, r.Header.Get("Authorization"))
		if r.URL.Path == "/api/v1/stats" {
			_, _ = fmt.Fprint(w, `{"records": 5, "duplicates": 3}`)
			return
		}
		_, _ = fmt.Fprint(w, pages[r.URL.Query().Get("cursor")])
	}))
	defer s.Close()
	st := newStore(s.URL)
	defer st.close()
	got, err := st.read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stored{records: 5, requests: map[string]int{"a": 1, "b": 2}, duplicates: 3}, got)
}

func TestAServerThatEndsIsNotWaitedFor(t *testing.T) {
	addr, err := harness.FreeAddr()
	require.NoError(t, err)
	gone := make(chan struct{})
	close(gone)
	require.ErrorContains(t, newStore("http://"+addr).wait(t.Context(), gone), "the server ended")
}
