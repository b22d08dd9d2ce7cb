package ledger

import (
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/ledger-sdk/ledger-go/sender"
)

// resourceAttrs describes this process by the OpenTelemetry conventions for
// resources. The instance is the directory: stable across restarts, different for
// each process that runs beside another.
func resourceAttrs(cfg Config, id sender.Identity) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("service.name", serviceName(cfg)),
		slog.String("service.instance.id", hex.EncodeToString(id.LogID[:])),
	}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("service.version", serviceVersion(cfg))
	add("deployment.environment.name", cfg.Environment)
	host, err := os.Hostname()
	if err == nil {
		add("host.name", host)
	}
	add("telemetry.distro.name", "ledger")
	add("telemetry.distro.version", Version)
	add("telemetry.sdk.language", "go")
	add("ledger.sdk_version", Version)
	add("process.runtime.version", runtime.Version())
	return append(attrs, cfg.Resource...) // The last of equal keys wins.
}

func serviceName(cfg Config) string {
	if cfg.ServiceName != "" {
		return cfg.ServiceName
	}
	exe, err := os.Executable()
	if err != nil {
		return "unknown_service:go"
	}
	return "unknown_service:" + filepath.Base(exe)
}

func serviceVersion(cfg Config) string {
	if cfg.ServiceVersion != "" {
		return cfg.ServiceVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}
