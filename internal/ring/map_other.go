//go:build !unix

package ring

import "errors"

type mapping struct{}

func (m *mapping) close() error { return nil }
func (m *mapping) sync() error  { return errors.ErrUnsupported }

// Map is not available on this platform.
func Map(string, int, Config) (*Ring, error) {
	return nil, errors.New("ring: map: memory cannot be mapped on this platform")
}
