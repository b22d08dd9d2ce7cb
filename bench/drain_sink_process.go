package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// sink is a server in a process of its own: what it costs is not in the CPU time and
// the allocations of a drain.
type sink struct {
	url string

	cmd   *exec.Cmd
	alive io.Closer
}

// startSink starts this program again as a sink and waits until it listens.
func startSink(ctx context.Context) (*sink, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &sink{cmd: exec.CommandContext(ctx, self)}
	s.cmd.Env = append(os.Environ(), sinkEnv+"=1")
	s.cmd.Stderr = os.Stderr
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

func (s *sink) stop() error { return errors.Join(s.alive.Close(), s.cmd.Wait()) }

// tally returns what has come since it was called last.
func (s *sink) tally(ctx context.Context) (tally, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return tally{}, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return tally{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return tally{}, fmt.Errorf("the server could not count: %s", text)
	}
	var t tally
	err = json.NewDecoder(resp.Body).Decode(&t)
	return t, err
}
