package guardrail

import (
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func metadataIsClosed(s Stack) []string {
	closed := func(options string) func(recording.Record) string {
		return func(m recording.Record) string {
			tokens, hops := m.Text(options+".httpTokens"), m.Get(options+".httpPutResponseHopLimit")
			switch {
			case tokens != "required" || hops != 1.0:
				return fmt.Sprintf("has httpTokens %q and %v hops", tokens, hops)
			case m.Get("keyName") != nil || m.Get("keyPair") != nil:
				return "takes an SSH key"
			}
			return ""
		}
	}
	return slices.Concat(
		s.each(instance, closed("metadataOptions")), s.each(template, closed("metadataOptions")),
		s.each(infrastructure, closed("instanceMetadataOptions")),
	)
}

func volumesAreEncrypted(s Stack) []string {
	return slices.Concat(
		s.each(volume, func(v recording.Record) string {
			if !encrypted(v.Get("encrypted")) {
				return "is not encrypted"
			}
			return ""
		}),
		s.each(instance, func(m recording.Record) string {
			if !encrypted(m.Get("rootBlockDevice.encrypted")) || m.Get("ebsBlockDevices") != nil {
				return "has a disk that is not encrypted"
			}
			return ""
		}),
		s.each(template, mapped), s.each(recipe, mapped),
	)
}

// mapped reads the disks of what machines are started or built from.
func mapped(m recording.Record) string {
	mappings, _ := m.Get("blockDeviceMappings").([]any)
	for i := range mappings {
		if !encrypted(m.Get(fmt.Sprintf("blockDeviceMappings[%d].ebs.encrypted", i))) {
			return "has a disk that is not encrypted"
		}
	}
	if len(mappings) == 0 {
		return "leaves its disk to the image"
	}
	return ""
}

func encrypted(v any) bool { return v == true || v == "true" }
