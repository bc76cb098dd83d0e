package allocator

import "fmt"

// Counted is a number of things with their name, of which more than one end in s.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
