package record

import "slices"

// The levels of a record.
const (
	LevelDebug    = "debug"
	LevelInfo     = "info"
	LevelWarning  = "warning"
	LevelError    = "error"
	LevelCritical = "critical"
)

// The types of a record.
const (
	TypeConsole   = "console"
	TypeLogger    = "logger"
	TypeException = "exception"
	TypeDatabase  = "database"
	TypeEndpoint  = "endpoint"
	TypeCustom    = "custom"
)

// The importances of a record.
const (
	ImportanceCritical = "critical"
	ImportanceHigh     = "high"
	ImportanceStandard = "standard"
	ImportanceLow      = "low"
)

// Levels returns every level, least severe first.
func Levels() []string {
	return []string{LevelDebug, LevelInfo, LevelWarning, LevelError, LevelCritical}
}

// Types returns every type.
func Types() []string {
	return []string{TypeConsole, TypeLogger, TypeException, TypeDatabase, TypeEndpoint, TypeCustom}
}

// Importances returns every importance, highest first.
func Importances() []string {
	return []string{ImportanceCritical, ImportanceHigh, ImportanceStandard, ImportanceLow}
}

// IsLevel reports whether s is a level.
func IsLevel(s string) bool { return slices.Contains(Levels(), s) }

// IsType reports whether s is a type.
func IsType(s string) bool { return slices.Contains(Types(), s) }

// IsImportance reports whether s is an importance.
func IsImportance(s string) bool { return slices.Contains(Importances(), s) }
