// Package quotas says how many processors the account may run of a kind of machine, and
// how many it does, by Service Quotas and EC2, where the allocator's role may ask them.
package quotas
