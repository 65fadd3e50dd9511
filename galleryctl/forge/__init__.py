"""GitHub and GitLab: comments, issues, branches and pull requests, over their REST APIs."""
