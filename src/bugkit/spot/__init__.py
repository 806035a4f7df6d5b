"""Quick looks: a few lines of a program that is proved to fail, or to work. Which line is wrong, and how?"""
