package boot_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
)

// format lets the first boot look at a volume that holds content, with the real
// blkid and mkfs.ext4. It returns what the volume holds afterwards and what the
// console says.
func format(t *testing.T, content []byte) (after []byte, said string) {
	t.Helper()
	w := newWorld(t)
	path := filepath.Join(w.root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	if content == nil {
		require.NoError(t, os.Mkdir(path, 0o755)) // cannot be read, whoever asks
	} else {
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	t.Setenv("LABLINK_SKIP", "user,mount")
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, tool := range []string{"blkid", "mkfs.ext4"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "install util-linux and e2fsprogs")
	}
	ctx, stop := context.WithCancel(t.Context())
	heard := &listener{until: "trying again", then: stop}
	_ = boot.Bootstrap(ctx, heard, boot.Config{Region: "us-west-2", Pointer: "/p", Bucket: "b"}, w.publish(t, "v1"), "vol-0123", w)
	if content != nil {
		var err error
		after, err = os.ReadFile(path)
		require.NoError(t, err)
	}
	return after, heard.String()
}

const volumeSize = 8 << 20

func TestABlankVolumeIsFormattedOnce(t *testing.T) {
	first, said := format(t, make([]byte, volumeSize))
	require.Contains(t, said, "the machine is set up")
	require.Contains(t, string(first[1024:2048]), "lablink-data", "the label of the file system")
	second, said := format(t, first)
	require.Contains(t, said, "the machine is set up")
	require.True(t, bytes.Equal(first, second), "a file system is left as it is")
}

func TestAVolumeWithUnknownDataIsNotFormatted(t *testing.T) {
	content := make([]byte, volumeSize)
	copy(content[500_000:], "years of work")
	after, said := format(t, content)
	require.True(t, bytes.Equal(content, after), "it was written to")
	require.Contains(t, said, "vol-0123 holds data")
	require.Contains(t, said, "if nothing on it is needed")
}

func TestAVolumeWithAPartitionTableIsNotFormatted(t *testing.T) {
	content := make([]byte, volumeSize)
	copy(content[446:], []byte{0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 32, 0, 0}) // one partition, of Linux
	copy(content[510:], []byte{0x55, 0xaa})
	after, said := format(t, content)
	require.True(t, bytes.Equal(content, after), "it was written to")
	require.Contains(t, said, "vol-0123 holds data")
}

func TestAVolumeThatCannotBeReadIsNotFormatted(t *testing.T) {
	for name, content := range map[string][]byte{"not at all": nil, "not far enough": make([]byte, 4096)} {
		t.Run(name, func(t *testing.T) {
			after, said := format(t, content)
			require.Equal(t, content, after)
			require.Contains(t, said, "vol-0123 cannot be read, so it is not formatted")
			require.Contains(t, said, "EC2 console")
		})
	}
}
