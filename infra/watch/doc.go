// Package watch declares who is told when something is wrong, and what is done
// about it without anybody: alarms on the allocator's host and on what stands
// around it, a topic that sends them by e-mail, a dashboard, and a budget.
package watch
