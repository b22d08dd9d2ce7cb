//go:build !unix

package faults

import "errors"

func dropRoot() error { return errors.ErrUnsupported }

func limitFileSize(uint64) error { return errors.ErrUnsupported }
