"""contain"""
