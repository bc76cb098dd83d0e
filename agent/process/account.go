package process

import (
	"fmt"
	"os/user"
	"strconv"
	"syscall"
)

// lookUp finds a user with all their groups.
func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("find the user %s: %w", name, err)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return account{}, fmt.Errorf("find the groups of %s: %w", name, err)
	}
	ids, err := numbers(append([]string{u.Uid, u.Gid}, groups...))
	if err != nil {
		return account{}, fmt.Errorf("read who %s is: %w", name, err)
	}
	return account{name, &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]}}, nil
}

func numbers(texts []string) ([]uint32, error) {
	out := make([]uint32, len(texts))
	for i, text := range texts {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, err
		}
		out[i] = uint32(n)
	}
	return out, nil
}
