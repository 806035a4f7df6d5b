// Numbers of modules in the order of their use: by default they depend on the folder in which this is built.
module.exports = { optimization: { moduleIds: 'natural' } };
