package ingest

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// decode returns the request in body, or a problem. It takes the memory that
// decoding needs from l first.
func decode(body []byte, m media, l *lease) (plog.Logs, error) {
	look := protoShape
	if m == jsonText {
		look = jsonShape
	}
	s, err := look(body)
	if err != nil {
		return plog.Logs{}, malformed("%v", err)
	}
	if err := s.admit(l); err != nil {
		return plog.Logs{}, err
	}
	req := plogotlp.NewExportRequest()
	if m == jsonText {
		err = req.UnmarshalJSON(body)
	} else {
		err = req.UnmarshalProto(body)
	}
	if err != nil {
		// The decoder's error quotes the body around the place: not ours to show (I6).
		return plog.Logs{}, malformed("not an OTLP logs request: a field has the wrong type, or an ID is not hexadecimal")
	}
	logs := req.Logs()
	if n := logs.LogRecordCount(); n > record.MaxBatch {
		return plog.Logs{}, tooMany(n)
	}
	return logs, nil
}
