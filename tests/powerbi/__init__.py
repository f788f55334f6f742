"""What must stay true of the Power BI project in docs/powerbi, whoever edited it, and by what."""
