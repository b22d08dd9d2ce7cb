package ledgerzap

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// Option changes what [New] returns. A nil one asks for nothing.
type Option func(*options)

type options struct {
	level       zapcore.LevelEnabler
	syncTimeout time.Duration
}

// WithLevel sets the least level that is logged; zapcore.InfoLevel without it. A
// zap.AtomicLevel may be changed later. Nil changes nothing.
func WithLevel(level zapcore.LevelEnabler) Option {
	return func(o *options) {
		if level != nil {
			o.level = level
		}
	}
}

// WithSyncTimeout sets how long Sync, and a record above zapcore.ErrorLevel, waits for
// the disk at most; 2 s without it. Zero and less change nothing.
func WithSyncTimeout(d time.Duration) Option {
	return func(o *options) {
		if d > 0 {
			o.syncTimeout = d
		}
	}
}
