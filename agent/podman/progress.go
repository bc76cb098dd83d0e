package podman

import "fmt"

// layer is how much of a layer is here, in bytes.
type layer struct{ current, total int64 }

// progress is how much of an image is here.
type progress struct {
	layers map[string]layer
	line   string
}

// add takes what is said of a layer, and returns a line where that is news.
func (p *progress) add(s step) string {
	l := p.layers[s.ID]
	if s.Progress.Total > 0 {
		l = layer{min(s.Progress.Current, s.Progress.Total), s.Progress.Total}
	}
	if s.Status == "Download complete" {
		l.current = l.total
	}
	p.layers[s.ID] = l
	var all layer
	for _, l := range p.layers {
		all.current, all.total = all.current+l.current, all.total+l.total
	}
	if all.total == 0 {
		return ""
	}
	line := fmt.Sprintf("%d %% of %s", 100*all.current/all.total, size(all.total))
	if line == p.line {
		return ""
	}
	p.line = line
	return line
}

// size is a number of bytes as people write it.
func size(bytes int64) string {
	if bytes >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}
