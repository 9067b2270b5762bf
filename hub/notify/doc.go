// Package notify is the room of what people are told by mail: what they ask to
// hear of, what they do not want to hear of, and who is to be told when a build
// ends or enters or leaves a tag.
//
// Letters wait in its table until a way out takes them; it knows nothing of how
// mail is sent.
package notify
