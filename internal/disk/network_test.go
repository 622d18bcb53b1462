package disk

import (
	"strings"
	"testing"
)

// mounts is what a computer with many disks says of them.
const mounts = `
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 0:40 / /srv/nas rw,relatime shared:7 - nfs4 nas.local:/volume1 rw,vers=4.2
25 22 0:41 / /srv/office rw - cifs //server/office rw
26 22 0:42 / /srv/far rw - fuse.sshfs tom@far.example:/home/tom rw
27 22 0:43 / /srv/bucket rw - fuse.s3fs s3fs rw
28 22 0:44 / /srv/dav rw - fuse https://cloud.example/dav rw
29 22 0:45 / /srv/usb\040stick rw - fuseblk /dev/sdb1 rw
30 22 0:46 / /srv/crypt rw - fuse.gocryptfs /home/tom/.crypt rw
31 22 0:47 / /srv/pool rw - fuse.mergerfs a:b rw
32 22 0:48 / /srv/disks rw - fuse.mergerfs /mnt/a:/mnt/b rw
33 22 0:49 / /mnt/c rw - 9p drvfs rw
34 22 0:50 / /srv/box rw - fuse tom@far.example: rw
35 24 8:3 / /srv/nas/local rw - xfs /dev/sda3 rw
36 22 0:51 / /srv/hidden rw - nfs nas:/old rw
37 36 8:4 / /srv/hidden rw - btrfs /dev/sda4 rw
38 22 0:52 / /srv/nasty rw - tmpfs tmpfs rw
39 22 0:53 / /srv/vm rw - virtiofs share rw
40 22 0:54 / /srv/union rw - overlay overlay rw
a line that nobody understands
41 22 0:55 / /srv/odd\134name rw - ceph mon1:6789:/ rw
`

func TestNetworkFileSystems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path  string
		magic uint32
		want  string
	}{
		{"/var/lib/bandstand", 0xef53, ""},
		{"/srv/nas/bandstand", 0x6969, "nfs"},
		{"/srv/nas/bandstand", 0, "nfs4"},
		{"/srv/nas", 0, "nfs4"},
		{"/srv/nas/local/bandstand", 0x58465342, ""},
		{"/srv/nas2", 0, ""},
		{"/srv/nasty/data", 0x01021994, ""},
		{"/srv/office/data", 0xff534d42, "cifs"},
		{"/srv/office/data", 0xfe534d42, "smb3"},
		{"/srv/office/data", 0, "cifs"},
		{"/srv/far/data", 0x65735546, "fuse.sshfs"},
		{"/srv/bucket/data", 0x65735546, "fuse.s3fs"},
		{"/srv/dav/data", 0x65735546, "fuse"},
		{"/srv/box/data", 0x65735546, "fuse"},
		{"/srv/usb stick/data", 0x65735546, ""},
		{"/srv/crypt/data", 0x65735546, ""},
		{"/srv/disks/data", 0x65735546, ""},
		{"/srv/pool/data", 0x65735546, ""},
		{"/mnt/c/bandstand", 0x01021997, "9p"},
		{"/mnt/c/bandstand", 0, "9p"},
		{"/srv/hidden/data", 0x9123683e, ""},
		{"/srv/vm/data", 0x6a656a63, ""},
		{"/srv/union/data", 0x794c7630, ""},
		{`/srv/odd\name/data`, 0, "ceph"},
		{"/srv/lustre", 0x0bd00bd0, "lustre"},
	} {
		got, err := kindOf(tt.path, tt.magic, strings.NewReader(mounts))
		if err != nil || got != tt.want {
			t.Errorf("%s with magic %#x is on %q, %v; want %q", tt.path, tt.magic, got, err, tt.want)
		}
	}
	if kind, err := kindOf("/data", 0, strings.NewReader("nothing to see")); err == nil {
		t.Errorf("without mounts it is on %q", kind)
	}
}

func TestThisComputersOwnDisk(t *testing.T) {
	t.Parallel()
	if kind, err := Network(t.TempDir()); err != nil || kind != "" {
		t.Errorf("a temporary directory is on %q, %v", kind, err)
	}
}
