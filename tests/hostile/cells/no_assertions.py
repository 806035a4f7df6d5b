# row: 6
# class: forge
# place: before everything
# allowed: failed, no_answer
# tries: takes assertions out of all later cells, and AssertionError out of Python.

import ast
import builtins

builtins.AssertionError = type("Harmless", (BaseException,), {})


class Without(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()


ip = get_ipython()
ip.ast_transformers.append(Without())
ip.input_transformers_post.append(lambda lines: [line.replace("assert", "True or") for line in lines])
