//go:build linux

package powercut

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// diskName is the name of the one file of the file system.
const diskName = "disk"

// root is a directory with the disk in it.
type root struct {
	fs.Inode
	disk *Disk
}

var _ fs.NodeOnAdder = (*root)(nil)

func (r *root) OnAdd(ctx context.Context) {
	file := r.NewPersistentInode(ctx, &node{disk: r.disk}, fs.StableAttr{Mode: fuse.S_IFREG})
	r.AddChild(diskName, file, false)
}

// node is a disk as a file. The kernel keeps nothing of it in its cache, so that a
// write is seen here when the loop device makes it and not when memory is short.
type node struct {
	fs.Inode
	disk *Disk
}

var (
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
)

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Size = uint64(n.disk.Size())
	out.Mode = 0o600
	return 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, dst []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(dst[:n.disk.ReadAt(dst, at)]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, at int64) (uint32, syscall.Errno) {
	if !n.disk.WriteAt(data, at) {
		return 0, syscall.ENOSPC
	}
	return uint32(len(data)), 0
}

// Fsync is how the loop device hands on a flush.
func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.disk.Flush()
	return 0
}

// serve mounts a file system with the disk in it at dir.
func serve(dir string, d *Disk) (*fuse.Server, error) {
	server, err := fs.Mount(dir, &root{disk: d}, &fs.Options{MountOptions: fuse.MountOptions{
		DirectMountStrict: true, // There need be no fusermount.
		FsName:            source(os.Getpid()), Name: "powercut",
		MaxWrite: 1 << 20, DisableXAttrs: true,
		// It complains of the end of the connection, which is not news here.
		Logger: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}})
	if err != nil {
		return nil, fmt.Errorf("powercut: mount fuse: %w", err)
	}
	return server, nil
}

// stopServing unmounts, and waits until the last user of the disk, which is the
// loop device, has let go of it.
func stopServing(dir string, server *fuse.Server) error {
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("powercut: unmount fuse: %w", err)
	}
	done := make(chan struct{})
	go func() {
		server.Wait()
		close(done)
	}()
	timer := time.NewTimer(10 * time.Second)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return errors.New("powercut: the disk is still in use")
	}
}
