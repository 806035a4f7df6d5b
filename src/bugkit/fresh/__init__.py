"""Fresh exercises: working programs with bugs of the library put in, each proved before it is offered."""
