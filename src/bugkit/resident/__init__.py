"""A warm grader that stays after a check, so that the next one needs no import of torch and no new sandbox.

One for each user, workspace and version. It ends by itself when it was not used for some minutes, when memory is short
or when bugkit, torch or Python were changed, and at ``bugkit stop``. Classes are never graded with it.
"""
