package ec2

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// endings say what EC2's codes of why an instance has ended mean to somebody who wanted
// it. A launch that EC2 accepted may end so before it runs. Source: EC2's user guide,
// "Troubleshoot Amazon EC2 instance launch issues" and the reference of StateReason.
var endings = map[string]string{
	"Client.InternalError":                "AWS could not start it, most often as the key of its encrypted volume is disabled or may not be used for it; look at the key",
	"Client.InvalidSnapshot.NotFound":     "AWS could not start it, as the snapshot of its machine image is gone; set image.id in the stack's settings and deploy",
	"Client.VolumeLimitExceeded":          "AWS could not start it, as the account's quota for volumes is used up; ask AWS to raise the storage quota for General Purpose SSD (gp3) volumes",
	"Client.InstanceInitiatedShutdown":    "it was shut down from inside",
	"Server.InsufficientInstanceCapacity": "AWS could not start it, as it had no such machine free at that moment",
	"Server.InternalError":                "AWS could not start it, by a mistake of its own",
	"Server.SpotInstanceShutdown":         takenBack,
	"Server.SpotInstanceTermination":      takenBack,
	"Client.UserInitiatedShutdown":        "", // by whoever: the allocator knows what it has ended
}

// takenBack begins as the allocator says it in time.
const takenBack = allocator.TakenBack + ", and has ended it"

// ending words why an instance has ended; "" where EC2 does not say more than that
// somebody wanted it.
func ending(why *types.StateReason) string {
	if why == nil || aws.ToString(why.Code) == "" {
		return ""
	}
	code, message := aws.ToString(why.Code), aws.ToString(why.Message)
	words, known := endings[code]
	switch {
	case !known:
		return "AWS has ended it (" + cmp.Or(message, code) + ")" // the message begins with the code
	case words == "":
		return ""
	}
	return words + " (" + code + ")"
}
