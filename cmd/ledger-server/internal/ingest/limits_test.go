package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// bomb returns size zeros, compressed to a thousandth.
func bomb(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.CopyN(z, zeros{}, size)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// allocated returns how many bytes f allocates, garbage included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestWhatInflatesBeyondTheLimitIsRefusedWithinTheLimit(t *testing.T) { // I4
	const limit = 1 << 20
	h, st := newTest(Config{MaxBody: limit})
	body := bomb(t, 64*limit)
	require.Less(t, len(body), limit, "as sent it is small enough")
	var resp *http.Response
	took := allocated(func() {
		resp = post(h, protobuf, bytes.NewReader(body), "Content-Encoding", "gzip")
	})
	assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	code, _ := statusOf(t, resp)
	assert.Equal(t, 8, code)
	assert.Less(t, took, uint64(4*limit))
	assert.Zero(t, st.calls)
}

func TestBodyOfJustTheLimitIsTaken(t *testing.T) {
	limit := int64(len(marshal(t, jsonText, one())))
	for _, row := range []struct {
		limit  int64
		length bool
		want   int
	}{
		{limit, true, 200}, {limit, false, 200}, {limit - 1, true, 413}, {limit - 1, false, 413},
	} {
		h, _ := newTest(Config{MaxBody: row.limit})
		var body io.Reader = bytes.NewReader(marshal(t, jsonText, one()))
		if !row.length {
			body = io.MultiReader(body) // sent in chunks, its length unknown
		}
		assert.Equal(t, row.want, post(h, jsonText, body).StatusCode, row)
	}
}

func TestBodyThatGrowsThroughEveryBufferArrivesWhole(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 40_000)
	h, st := newTest(Config{MaxBody: 1 << 20})
	resp := post(h, protobuf, bytes.NewReader(zip(t, marshal(t, protobuf, one(attr("blob", text[:90_000]), attr("x", 1))))),
		"Content-Encoding", "gzip")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Len(t, st.records, 1)
	assert.Contains(t, st.records[0].Attributes, text[:90_000])
}

// Two bytes are enough to make the decoder allocate a struct.
func TestTinyValuesInGreatNumberAreRefusedBeforeTheyAreDecoded(t *testing.T) { // I4
	const limit = 5 << 19
	repeat := func(b []byte, size int) []byte { return bytes.Repeat(b, size/len(b)) }
	list := func(before, value, after string) []byte {
		return []byte(before + strings.TrimSuffix(strings.Repeat(value+",", (limit-200)/(len(value)+1)), ",") + after)
	}
	for _, row := range []struct {
		name string
		m    media
		body []byte
		want int
	}{
		{"resources", protobuf, repeat([]byte{0x0a, 0}, limit), 413},
		{"scopes", protobuf, field(1, repeat([]byte{0x12, 0}, limit-50)), 413},
		{"records", protobuf, field(1, field(2, repeat([]byte{0x12, 0}, limit-50))), 400},
		{"attributes", protobuf, recordOf(repeat([]byte{0x32, 0}, limit-50)), 413},
		{"elements", protobuf, recordOf(field(5, field(5, repeat([]byte{0x0a, 0}, limit-50)))), 413},
		{"JSON resources", jsonText, list(`{"resourceLogs":[`, `{}`, `]}`), 413},
		{
			"JSON attributes", jsonText,
			list(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[`, `{}`, `]}]}]}]}`), 413,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, _ := newTest(Config{MaxBody: limit})
			var resp *http.Response
			took := allocated(func() { resp = post(h, row.m, bytes.NewReader(row.body)) })
			assert.Equal(t, row.want, resp.StatusCode)
			assert.Less(t, took, uint64(3*limit))
		})
	}
}

func TestMemoryOfAllRequestsIsBoundedAndGivenBack(t *testing.T) { // I4
	h, st := newTest(Config{MaxBody: 1 << 20})
	whole := h.memory.left.Load()
	body := marshal(t, protobuf, one())

	other := &lease{from: h.memory}
	require.NoError(t, other.take(whole-10))
	resp := post(h, protobuf, bytes.NewReader(body))
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	assert.Zero(t, st.calls)
	other.giveBack()

	assert.Equal(t, http.StatusOK, post(h, protobuf, bytes.NewReader(body)).StatusCode)
	assert.Equal(t, http.StatusBadRequest, post(h, protobuf, bytes.NewReader(body[1:])).StatusCode)
	assert.Equal(t, whole, h.memory.left.Load())
}

// blocking is a store that holds each append until it is let go.
type blocking struct{ entered, release chan struct{} }

func (b blocking) Append(ctx context.Context, r []record.Record) (store.Appended, error) {
	b.entered <- struct{}{}
	select {
	case <-b.release:
		return store.Appended{Stored: len(r)}, nil
	case <-ctx.Done():
		return store.Appended{}, ctx.Err()
	}
}

func TestRequestsBeyondTheLimitAreAskedToComeBackAndNoAnswerPrecedesTheStore(t *testing.T) { // I1
	st := blocking{make(chan struct{}), make(chan struct{})}
	h, _ := newTest(Config{Store: st, MaxConcurrent: 2})
	answers := make(chan *http.Response, 2)
	body := marshal(t, protobuf, one())
	for range 2 {
		go func() { answers <- post(h, protobuf, bytes.NewReader(body)) }()
		<-st.entered
	}
	resp := post(h, protobuf, bytes.NewReader(body))
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	assert.Empty(t, answers, "nothing is answered that is not stored")

	close(st.release)
	for range 2 {
		assert.Equal(t, http.StatusOK, (<-answers).StatusCode)
	}
}

func TestMemoryIsTakenUntilTheStoreIsDoneWithItEvenIfTheClientLeaves(t *testing.T) { // I4
	synctest.Test(t, func(t *testing.T) {
		st := blocking{make(chan struct{}, 1), make(chan struct{})}
		h, _ := newTest(Config{Store: st})
		whole := h.memory.left.Load()
		ctx, leave := context.WithCancel(t.Context())
		r := httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(marshal(t, protobuf, one()))).WithContext(ctx)
		r.Header.Set("Content-Type", string(protobuf))
		w := httptest.NewRecorder()
		go h.ServeHTTP(w, r)
		<-st.entered
		leave()
		synctest.Wait()
		assert.Less(t, h.memory.left.Load(), whole)
		close(st.release)
		synctest.Wait()
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, whole, h.memory.left.Load())
	})
}
