package allocator

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Remote is the kind of desktop that Chrome Remote Desktop shows: a participant connects it
// with a code, and nobody else sees it.
const Remote = "crd"

// ConnectSeat hands the code that a participant brought to the machine of one of their
// seats. It is kept nowhere, and not told to anybody else. Conflict for a seat that has no
// machine; what the machine refuses is told as it says it.
func (s *Service) ConnectSeat(ctx context.Context, token, id, command string, again bool) (Seat, error) {
	seat, err := s.HeldSeat(ctx, token, id)
	if err != nil {
		return seat, err
	}
	if seat.State != SeatAssigned {
		return seat, api.Problemf(api.Conflict, "You have no machine yet", "You are number %d in the queue. Bring your code once you have one: codes work for a few minutes only.", seat.Position)
	}
	if err := s.Connectable(ctx, seat); err != nil {
		return seat, err
	}
	in := api.StartRemote{Session: seat.Session(), Command: command, Name: seat.MachineID, Again: again}
	if err := s.Tunnels.StartRemote(ctx, seat.MachineID, in); err != nil {
		return seat, err
	}
	s.record(ctx, seat.Email, "connect seat", seat.ID, seat.where())
	return seat, nil
}

// Connectable refuses a seat whose machine is shown in another way: Conflict. One that does not
// say, as it is away or starting, may be connected as far as anybody knows.
func (s *Service) Connectable(ctx context.Context, seat Seat) error {
	if seat.State != SeatAssigned {
		return nil
	}
	status, err := s.Tunnels.Status(ctx, seat.MachineID)
	if had := status.Session; err != nil || had == nil || had.ID != seat.Session() || had.Desktop == "" || had.Desktop == Remote {
		return nil //nolint:nilerr // what is asked of the machine then says it
	}
	return api.Problemf(api.Conflict, "Your machine needs no code", "It is not shown by Chrome Remote Desktop. Go back to your seat: its page leads to your desktop, where there is one.")
}

// connection is how far the machine of a seat is connected, where it is to be; nil elsewhere,
// and where it does not say.
func (s *Service) connection(ctx context.Context, seat Seat, had *api.SessionStatus) *api.RemoteDesktop {
	if had == nil || had.Desktop != Remote || had.ID != seat.Session() {
		return nil
	}
	remote, err := s.Tunnels.Remote(ctx, seat.MachineID)
	if err != nil {
		return nil
	}
	return &remote
}
