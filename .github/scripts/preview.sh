#!/usr/bin/env bash
# What deploying STACK would do: printed, or as one comment on pull request PR.
# Call by make preview-comment.
set -euo pipefail
stack=$1 pr=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A preview that fails is told, too, and then fails this.
failed=0
lablink preview --stack "$stack" >"$dir/preview.json" || failed=$?
lablink preview --drift --stack "$stack" >"$dir/drift.json" || echo "preview.sh: the comment says that drift cannot be told" >&2
lablink preview-comment --stack "$stack" --drift "$dir/drift.json" "$dir/preview.json" >"$dir/comment.md"
if [[ -z $pr ]]; then
  cat "$dir/comment.md"
else
  "$(dirname "$0")/comment.sh" "$pr" "$dir/comment.md"
fi
exit "$failed"
