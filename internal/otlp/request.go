package otlp

import (
	"fmt"
	"log/slog"
)

// AppendResource appends the bytes of a Resource message with the given
// attributes, without a tag.
func AppendResource(dst []byte, attrs []slog.Attr) []byte {
	dst, _ = appendAttrs(dst, tagResourceAttrs, attrs, false)
	return dst
}

// AppendRequestPrefix appends everything of an ExportLogsServiceRequest that
// precedes its records: the prefix followed by exactly recordsLen bytes made by
// AppendRecord is the whole request, one resource and one scope. resource is what
// AppendResource made, and may be empty.
func AppendRequestPrefix(dst, resource []byte, scopeName, scopeVersion string, recordsLen int) []byte {
	scopeName, scopeVersion = Clean(scopeName), Clean(scopeVersion)
	scope := sizeText(len(scopeName)) + sizeText(len(scopeVersion))
	scopeLogs := sizeText(scope) + recordsLen
	resourceLogs := sizeText(len(resource)) + sizeText(scopeLogs)

	dst = appendVarint(dst, tagRequestResourceLogs, uint64(resourceLogs))
	dst = appendText(dst, tagResourceLogsRes, resource)
	dst = appendVarint(dst, tagResourceLogsScopes, uint64(scopeLogs))
	dst = appendVarint(dst, tagScopeLogsScope, uint64(scope))
	dst = appendText(dst, tagScopeName, scopeName)
	return appendText(dst, tagScopeVersion, scopeVersion)
}

// Request is a decoded ExportLogsServiceRequest.
type Request struct{ Resources []ResourceLogs }

// ResourceLogs is what one resource logged.
type ResourceLogs struct {
	Resource []slog.Attr // values as in DecodedRecord.Attrs
	Scopes   []ScopeLogs
}

// ScopeLogs is what one instrumentation scope logged.
type ScopeLogs struct {
	Name, Version string
	Records       []DecodedRecord
}

// DecodeRequest decodes an ExportLogsServiceRequest.
func DecodeRequest(b []byte) (Request, error) {
	var d decoder
	var req Request
	var err error
	r := reader{rest: b}
	for err == nil && r.next() {
		if r.tag == tagRequestResourceLogs {
			var logs ResourceLogs
			logs, err = d.resourceLogs(r.bytes)
			req.Resources = append(req.Resources, logs)
		}
	}
	if err = firstError(err, r.err); err != nil {
		return Request{}, fmt.Errorf("otlp: decode request: %w", err)
	}
	return req, nil
}

func (d *decoder) resourceLogs(b []byte) (logs ResourceLogs, err error) {
	if err := d.spend(recordWeight); err != nil {
		return logs, err
	}
	r := reader{rest: b}
	for err == nil && r.next() {
		switch r.tag {
		case tagResourceLogsRes:
			logs.Resource, err = d.resource(r.bytes)
		case tagResourceLogsScopes:
			var scope ScopeLogs
			scope, err = d.scopeLogs(r.bytes)
			logs.Scopes = append(logs.Scopes, scope)
		}
	}
	return logs, firstError(err, r.err)
}

func (d *decoder) scopeLogs(b []byte) (scope ScopeLogs, err error) {
	if err := d.spend(recordWeight); err != nil {
		return scope, err
	}
	r := reader{rest: b}
	for err == nil && r.next() {
		switch r.tag {
		case tagScopeLogsScope:
			scope.Name, scope.Version, err = scopeNames(r.bytes)
		case tagScopeLogsRecords:
			var rec DecodedRecord
			rec, err = d.record(r.bytes)
			scope.Records = append(scope.Records, rec)
		}
	}
	return scope, firstError(err, r.err)
}

func scopeNames(b []byte) (name, version string, err error) {
	r := reader{rest: b}
	for r.next() {
		switch r.tag {
		case tagScopeName:
			name = string(r.bytes)
		case tagScopeVersion:
			version = string(r.bytes)
		}
	}
	return name, version, r.err
}
