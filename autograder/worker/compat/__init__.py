"""
What stands in for what a student's machine had and grading has not: libraries, old names, a GPU.

    stand_ins     libraries that submissions import and the graded code does not need
    equivalents   small libraries that such code computes with, provided for real
    old_names     what older Pythons and NumPys had
    cuda          CUDA devices, mapped to the CPU
"""
