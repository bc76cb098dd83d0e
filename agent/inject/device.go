package inject

import "github.com/talmolab/lablink-infrastructure/agent/gpu"

// device is a GPU that lies where it is broken. What a lost one is asked first says so,
// and then it is asked nothing more.
type device struct {
	gpu.Device
	injector *Injector
	place    int
}

func (d device) is() broken { return d.injector.at(d.place) }

func (d device) UUID() (string, error) {
	if d.is().lost {
		return "", gpu.ErrLost
	}
	return d.Device.UUID()
}

func (d device) Power() (float64, error) {
	if d.is().unreadable {
		return 0, errUnreadable
	}
	return d.Device.Power()
}

func (d device) Temperature() (uint32, error) {
	if t := d.is().temperature; t != nil {
		return *t, nil
	}
	return d.Device.Temperature()
}

// Utilisation is high where the link's speed is to be seen.
func (d device) Utilisation() (uint32, error) {
	if d.is().busy {
		return 100, nil
	}
	return d.Device.Utilisation()
}

func (d device) Link() (gpu.Link, error) {
	link, err := d.Device.Link()
	b := d.is()
	if b.lanes != nil {
		link.Width, err = *b.lanes, nil
	}
	if b.generation != nil {
		link.Generation, err = *b.generation, nil
	}
	return link, err
}

func (d device) Slowed() (gpu.Slowed, error) {
	return lie(d.is().slowed, d.Device.Slowed)
}

func (d device) Remapping() (gpu.Remapping, error) {
	return lie(d.is().remapping, d.Device.Remapping)
}

func (d device) PagesPending() (bool, error) {
	return lie(d.is().pages, d.Device.PagesPending)
}

func (d device) Recovery() (gpu.Recovery, error) {
	return lie(d.is().recovery, d.Device.Recovery)
}

// lie is what is injected, or the truth where nothing is.
func lie[T comparable](injected T, truth func() (T, error)) (T, error) {
	var none T
	if injected != none {
		return injected, nil
	}
	return truth()
}
