package wire

import "slices"

// rebootInstances boots instances again that the caller may reboot, all or none.
func (s *Server) rebootInstances(c call, q *query) (any, error) {
	ids := q.list("InstanceId")
	if err := q.rest(); err != nil {
		return nil, err
	}
	all := s.account.Seen()
	if err := known(all, ids); err != nil {
		return nil, err
	}
	for _, i := range all {
		if !slices.Contains(ids, i.ID) {
			continue
		}
		if err := s.authorize(c, "ec2:RebootInstances", tagContext("aws:ResourceTag/", i.Tags), s.arn("instance/"+i.ID)); err != nil {
			return nil, err
		}
	}
	return done{newResponse(), true}, s.account.Reboot(ids)
}
