"""The result page of a submission: one HTML file that a student reads, prints and keeps."""
