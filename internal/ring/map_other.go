//go:build !unix

package ring

import "fmt"

type mapping struct{}

func (m *mapping) close() error { return nil }

// Map is not available on this platform.
func Map(string, int, Config) (*Ring, error) { return nil, fmt.Errorf("ring: map: %w", errNoMapping) }
