package ledger

import (
	"log/slog"
	"time"
)

// Record is what an application logs. The zero value of every field is useful.
type Record struct {
	// Time is when it happened; zero means now. A time more than five minutes
	// ahead of the clock is replaced by it, for the server refuses such a record.
	Time time.Time
	// Level is slog's. From [LevelCritical] on, the server shows it as critical.
	Level slog.Level
	// Message is cut to 10,000 code points. Empty, it is that of Err.
	Message string
	// Type is what kind of record the server takes this for. Empty, or none of the
	// types below, it is inferred from the attributes.
	Type Type
	// Importance is inferred from Level by the server if it is empty.
	Importance Importance
	// Err becomes exception.type, exception.message and, if it carries a stack and
	// Stack is empty, exception.stacktrace. Of joined errors the first with a type of its
	// own counts; the others' types are in ledger.exception.other_types.
	Err error
	// Stack is the text of runtime/debug.Stack, or any other text. Go's form is
	// rewritten to the one that the server groups errors by.
	Stack []byte
	// Attrs may hold any value. Groups become dotted keys, and the last of equal
	// keys wins, also over what is derived from Err and Stack; the record ID is
	// always ours. All attributes together are cut to what the server takes, the
	// largest first.
	Attrs []slog.Attr
	// EventName is OTLP's name for what kind of event this is, such as
	// http.server.request; empty for a line of a log.
	EventName string

	// preset are attributes that come before Attrs and are encoded already.
	preset *preset
}

// LevelCritical is above slog's levels: the process, or what it is for, is down.
const LevelCritical = slog.Level(12)

// Type is the server's kind of a record.
type Type string

// The types that the server knows.
const (
	TypeConsole   Type = "console"
	TypeLogger    Type = "logger"    // from a logging library; slog's is this
	TypeException Type = "exception" // grouped by exception.type and stack
	TypeDatabase  Type = "database"
	TypeEndpoint  Type = "endpoint" // a served HTTP request; shown with rates and latencies
	TypeCustom    Type = "custom"
)

func (t Type) known() bool {
	switch t {
	case TypeConsole, TypeLogger, TypeException, TypeDatabase, TypeEndpoint, TypeCustom:
		return true
	}
	return false
}

// Importance is how much a record matters to the people who watch the server.
type Importance string

// The importances that the server knows.
const (
	ImportanceCritical Importance = "critical"
	ImportanceHigh     Importance = "high"
	ImportanceStandard Importance = "standard"
	ImportanceLow      Importance = "low"
)

func (i Importance) known() bool {
	switch i {
	case ImportanceCritical, ImportanceHigh, ImportanceStandard, ImportanceLow:
		return true
	}
	return false
}
