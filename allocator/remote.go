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
	in := api.StartRemote{Session: seat.Session(), Command: command, Name: seat.MachineID, Again: again}
	if err := s.Tunnels.StartRemote(ctx, seat.MachineID, in); err != nil {
		return seat, err
	}
	s.record(ctx, seat.Email, "connect seat", seat.ID, seat.where())
	return seat, nil
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
