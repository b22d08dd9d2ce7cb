package ledger

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // See instanceID.
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/detect"
	"github.com/ledger-sdk/ledger-go/sender"
)

// resourceAttrs describes this process by the OpenTelemetry conventions for resources.
func resourceAttrs(cfg Config, id sender.Identity) []slog.Attr {
	if cfg.NoDetect {
		return describe(cfg, id, nil)
	}
	s := detect.Host()
	return describe(cfg, id, &s)
}

// describe puts together what is known, the surer later: the last of equal keys wins.
// Defaults come first, then what is detected on s, then OTEL_RESOURCE_ATTRIBUTES and
// OTEL_SERVICE_NAME, then the Config. Without s neither s nor the environment is asked.
func describe(cfg Config, id sender.Identity, s *detect.System) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("service.name", defaultServiceName()),
		slog.String("service.instance.id", instanceID(id.Epoch)),
		slog.String("telemetry.distro.name", "ledger"),
		slog.String("telemetry.distro.version", Version),
		slog.String("telemetry.sdk.language", "go"),
		slog.String("ledger.sdk_version", Version),
		slog.String("process.runtime.name", "go"),
		slog.String("process.runtime.version", runtime.Version()),
	}
	if s != nil {
		attrs = append(attrs, detect.Attributes(*s)...)
		attrs = append(attrs, environment(cfg.Logger)...)
	}
	attrs = append(attrs, named(cfg.ServiceName, cfg.ServiceVersion, cfg.Environment)...)
	return append(attrs, cfg.Resource...)
}

// named returns the attributes that a Config has fields for, as far as they are known.
func named(service, version, environment string) []slog.Attr {
	return slices.DeleteFunc([]slog.Attr{
		slog.String("service.name", service),
		slog.String("service.version", version),
		slog.String("deployment.environment.name", environment),
	}, func(a slog.Attr) bool { return a.Value.String() == "" })
}

// environment returns what OpenTelemetry's variables say of the resource, for a Config
// that was not made of them. A list with a fault is reported and counts as unset, as
// one does that would take the room of the records' attributes.
func environment(log *slog.Logger) []slog.Attr {
	const name = "OTEL_RESOURCE_ATTRIBUTES"
	var e env
	all := e.attributes("Resource", name)
	attrs := named(
		cmp.Or(e.text("OTEL_SERVICE_NAME"), all["service.name"]),
		all["service.version"],
		cmp.Or(all["deployment.environment.name"], all["deployment.environment"]))
	attrs = append(attrs, rest(all)...)
	if len(attrs) > 0 && resourceSize(attrs) > maxResource {
		e.bad("Resource", name, "takes the room of the records' attributes")
		attrs = nil
	}
	if err := errors.Join(e.errs...); err != nil {
		log.Warn("resource attributes were left out", slog.Any("error", err))
	}
	return attrs
}

// instanceID returns the UUID of whoever logs into a log of this epoch. The epoch is
// random, is kept in the state and in every block of the log, and is found again in
// the log if the state is lost: the ID outlives restarts and a lost state. A copy of
// the directory is the same instance, as it holds the same records.
//
// The conventions ask for a UUID of version 5 in a namespace of theirs where the ID
// is derived from something that is unique already.
func instanceID(epoch uint64) string {
	id := [16]byte{0x4d, 0x63, 0x00, 0x9a, 0x8d, 0x0f, 0x11, 0xee, 0xaa, 0xd7, 0x4c, 0x79, 0x6e, 0xd8, 0xe3, 0x20}
	hash := sha1.Sum(binary.BigEndian.AppendUint64(id[:], epoch)) //nolint:gosec // Version 5 is made of SHA-1, and nothing is kept secret by it.
	copy(id[:], hash[:])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func defaultServiceName() string {
	exe, err := os.Executable()
	if err != nil {
		return "unknown_service:go"
	}
	return "unknown_service:" + filepath.Base(exe)
}
