// Package web is what the agent answers to the allocator through the tunnel.
package web
