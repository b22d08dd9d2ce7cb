package query

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
	maxSearch    = 200 // characters
	maxAttrs     = 10  // each is a look into the JSON of every record read
	attrPrefix   = "attr."
)

// parseQuery reads the parameters of a search (Q1).
func parseQuery(raw string) (store.Query, error) {
	q := store.Query{Limit: defaultLimit}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, errors.New("the query string is malformed")
	}
	for name, given := range values {
		for _, value := range given {
			if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
				return q, fmt.Errorf("parameter %s: not text", name)
			}
		}
		if err := setParam(&q, name, given); err != nil {
			return q, fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return q, nil
}

func setParam(q *store.Query, name string, given []string) error {
	if key, ok := strings.CutPrefix(name, attrPrefix); ok {
		for _, value := range given {
			q.Attrs = append(q.Attrs, store.Attr{Key: key, Value: value})
		}
		if len(q.Attrs) > maxAttrs {
			return fmt.Errorf("more than %d attributes", maxAttrs)
		}
		return nil
	}
	if name == "status_class" {
		return setStatusClass(q, given)
	}
	if len(given) > 1 {
		return errors.New("given more than once")
	}
	value := given[0]
	if value == "" { // as a form sends a field that was left alone
		return nil
	}
	var err error
	switch name {
	case "level":
		q.Level, err = oneOf(value, record.Levels())
	case "log_type":
		q.Type, err = oneOf(value, record.Types())
	case "service":
		q.Service = value
	case "environment":
		q.Environment = value
	case "search":
		if q.Search = value; record.Longer(value, maxSearch) {
			err = fmt.Errorf("longer than %d characters", maxSearch)
		}
	case "from":
		q.From, err = parseTime(value)
	case "to":
		// Zero is no bound, and no record is as old as that.
		q.To, err = parseTime(value)
		q.To = max(q.To, 1)
	case "limit":
		q.Limit, err = parseLimit(value)
	case "cursor":
		q.Before, err = decodeCursor(value)
	case "count":
		if q.Count, err = strconv.ParseBool(value); err != nil {
			err = errors.New("neither true nor false")
		}
	case "project_id": // there is one project, and clients of the platform name theirs
	default:
		err = errors.New("unknown")
	}
	return err
}

func oneOf(value string, words []string) (string, error) {
	for _, w := range words {
		if w == value {
			return w, nil
		}
	}
	return "", fmt.Errorf("not one of %s", strings.Join(words, ", "))
}

func parseLimit(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fmt.Errorf("not a number from 1 to %d", maxLimit)
	}
	return n, nil
}

// setStatusClass takes classes as 2xx, several by repeating the parameter or
// behind commas.
func setStatusClass(q *store.Query, given []string) error {
	for _, classes := range given {
		for class := range strings.SplitSeq(classes, ",") {
			if class == "" {
				continue
			}
			digit, ok := strings.CutSuffix(strings.ToLower(class), "xx")
			if !ok || len(digit) != 1 || digit[0] < '1' || digit[0] > '5' {
				return errors.New("not one of 1xx, 2xx, 3xx, 4xx, 5xx")
			}
			q.StatusClass = append(q.StatusClass, int(digit[0]-'0'))
		}
	}
	if len(q.StatusClass) > 5 {
		return errors.New("more classes than there are")
	}
	return nil
}
