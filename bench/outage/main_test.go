package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is the process that logs, too.
func TestMain(m *testing.M) {
	done, err := emitterMain(append(peers(), careless(), forgetful(), hoarder()))
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case done:
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The libraries below have known faults, which a run must find to the record. They
// send lines of text.
func textWire() wire {
	return wire{messages: func(body []byte) ([]string, error) { return strings.Split(string(body), "\n"), nil }}
}

func post(url, text string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(text))
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// careless refuses the first of 20 records, drops the second and says nothing, and
// sends the third twice.
func careless() peer {
	return peer{name: "careless", wire: textWire(), open: func(j job) (logger, error) {
		n := 0
		return logger{
			log: func(message string) error {
				n++
				switch n % 20 {
				case 1:
					return errors.New("refused")
				case 2:
					return nil
				case 3:
					message += "\n" + message
				}
				return post(j.Endpoint, message)
			},
			shutdown: func(context.Context) error { return nil },
		}, nil
	}}
}

// forgetful keeps everything in memory until it is shut down.
func forgetful() peer {
	return peer{name: "forgetful", wire: textWire(), open: func(j job) (logger, error) {
		var all []string
		return logger{
			log: func(message string) error {
				all = append(all, message)
				return nil
			},
			shutdown: func(context.Context) error {
				if len(all) == 0 {
					return nil
				}
				return post(j.Endpoint, strings.Join(all, "\n"))
			},
		}, nil
	}}
}

// hoarder writes everything to a file. Only a process that logs nothing delivers it.
func hoarder() peer {
	return peer{name: "hoarder", wire: textWire(), open: func(j job) (logger, error) {
		f, err := os.OpenFile(filepath.Join(j.Dir, "hoard"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return logger{}, err
		}
		if j.Rate == 0 {
			hoard, err := os.ReadFile(f.Name())
			if err != nil {
				return logger{}, err
			}
			return logger{shutdown: func(context.Context) error { return f.Close() }},
				post(j.Endpoint, string(bytes.TrimSpace(hoard)))
		}
		return logger{
			log: func(message string) error {
				_, err := f.WriteString(message + "\n")
				return err
			},
			shutdown: func(context.Context) error { return f.Close() },
		}, nil
	}}
}
