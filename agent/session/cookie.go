package session

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
)

// cookieFile, in a session's folder, holds the cookie that programs show to the X server.
const cookieFile = "cookie"

// anyDisplay is the family of an entry that counts for every display (FamilyWild of
// X11/Xauth.h).
const anyDisplay = 0xffff

// writeCookie makes a cookie, as xauth writes it: the family, then an address, a display,
// the kind of cookie and the cookie, each with its length.
func writeCookie(file string) error {
	cookie := make([]byte, 16)
	_, _ = rand.Read(cookie) // never fails
	entry := binary.BigEndian.AppendUint16(nil, anyDisplay)
	for _, field := range [][]byte{nil, nil, []byte("MIT-MAGIC-COOKIE-1"), cookie} {
		entry = binary.BigEndian.AppendUint16(entry, uint16(len(field))) //nolint:gosec // short ones
		entry = append(entry, field...)
	}
	if err := os.WriteFile(file, entry, 0o600); err != nil {
		return fmt.Errorf("write the cookie of the display: %w", err)
	}
	return nil
}
